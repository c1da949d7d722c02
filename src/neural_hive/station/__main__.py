"""Starts the nest; `neural_hive.station.children` calls this."""

from __future__ import annotations

from neural_hive.station.nest import main

if __name__ == "__main__":
    main()
