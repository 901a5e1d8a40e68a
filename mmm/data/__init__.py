"""Tables of spend and outcome as people have them: read, checked, and aligned into one panel of arrays."""
