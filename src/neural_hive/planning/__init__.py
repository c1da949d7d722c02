"""From an intention and what was given to one validated DAG of tasks."""
