"""`python -m mmm.simulate [folder]` writes the bundled company again, into `data/` by default."""

from __future__ import annotations

import sys
from pathlib import Path

from mmm.simulate.markets import write_demo_markets
from mmm.simulate.write import write_demo, write_demo_he

if __name__ == "__main__":
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("data")
    write_demo(data / "demo")
    write_demo_he(data / "demo-he")
    write_demo_markets(data / "demo-markets")
    print(f"written: {data / 'demo'}, {data / 'demo-he'}, {data / 'demo-markets'}")
