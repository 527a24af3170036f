"""A page in the browser: photo and video in, the dance out (extra `[page]`).

options    settings, the flags of `retarget-page`
running    the web server, the folder of all files, and the end of both
guard      who is let in, and that nothing goes to another host
visitors   whose files are whose, and when they are deleted
jobs       the row of dances; `worker` is the process that makes them, `making` what it does
task       what is asked for
inputs     looks at photos and videos when they are given
examples   procedural people and dances to try
layout     what stands where; `components` its inputs, `look` its colours, `words` its texts
actions    what happens when somebody does something
"""
