"""The tests of retarget_tf."""
