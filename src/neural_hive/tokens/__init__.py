"""Bearer tokens: who shows one, who is believed, and where none is asked for. Shared by gateway and specialists."""
