"""Opens a page in the browser on which photos dance: a photo and a video in, the dance beside the video out.

    retarget-page                                      # then open the address that it prints

The page is for this machine alone, unless --host names another address; then --auth must name a file with a line
user:password for each user. Nothing is sent anywhere else. Ctrl-C ends it and deletes all files that were given to it.
Needs the extra [page]: pip install 'retarget_tf[page]'.
"""

import time

from retarget_tf import program
from retarget_tf.program import settings
from retarget_tf.serving.page.options import PageOptions

_PAGE = settings.define_flags(PageOptions)


def main() -> None:
    """Flags -> `running_page`, until a signal comes."""
    options = PageOptions(**settings.given(_PAGE))

    from retarget_tf.serving.page.running import running_page

    with running_page(options) as address:
        print(f"Open {address} in a browser; Ctrl-C ends the page.", flush=True)
        while True:
            time.sleep(1)


def cli() -> None:
    """Entry point of the console script."""
    program.run(main)


if __name__ == "__main__":
    cli()
