#!/usr/bin/env python3
"""test_example.py NAME PROGRAM: an example prints what it is expected to."""
import sys

import calls

calls.check(*sys.argv[1:])
