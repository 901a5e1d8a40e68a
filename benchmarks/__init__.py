"""Speed and accuracy beside the peers: `python -m benchmarks` (`make bench`), see README.md in this folder.

Peers live in environments of their own; nothing of them is imported here or by `mmm`.
"""
