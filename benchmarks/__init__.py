"""What a decision costs, each number beside the floor that was measured in the same run."""
