"""Tests of media: their designs and their ledger, what a finished one says, and how much one could tell beforehand."""
