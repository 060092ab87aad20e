# needs validate: false. Dies by SIGSEGV.
import ctypes
ctypes.string_at(0)
