"""The evals' harness: labelled cases in, the quality table out.

`run` loads the sets that a checkout has, asks the hive (without a ledger) about each case, and
measures the answers against `evals/POLICY.md`, with a constant and a keyword list beside it.
"""

from __future__ import annotations

from neural_hive.evaluation.answers import Answer, Reviewer
from neural_hive.evaluation.cases import Case, load_cases
from neural_hive.evaluation.runner import Evaluation, run
from neural_hive.evaluation.tables import tables

__all__ = ["Answer", "Case", "Evaluation", "Reviewer", "load_cases", "run", "tables"]
