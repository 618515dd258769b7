"""Where policies on transformed rewards come from, as their tables and figures have it."""

TRAINED = "PPO"
EXACT = "fixed point"
BEST = "best of k"
BASE = "base model"
