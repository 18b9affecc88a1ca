"""Instruments, one module each; a bench file names them by the entry points ``hil.drivers``."""
