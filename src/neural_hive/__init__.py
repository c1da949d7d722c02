"""Neural Hive-Mind: asks before it is done, answers with proof."""

__version__ = "0.1.0"
