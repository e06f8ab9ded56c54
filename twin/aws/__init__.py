"""The AWS API of the twin: the emulator, what is corrected in front of it, and the process that serves both."""
