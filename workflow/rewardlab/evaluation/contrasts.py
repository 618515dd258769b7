"""What the table of Figure 12's contrast in many worlds is made of, by name."""

POOLED = "pooled"  # the world of rows that are means over the worlds of a kind
CONFIRMATION = "confirmation"  # the kind of worlds that nobody had run before the design was fixed
RATIO = "variance of vanilla over variance-aware"
GAIN = "gain of vanilla over variance-aware"
DIVERGENCE = "KL of vanilla less variance-aware"
LOST = "policies that did not end well"
MEAN = "mean over the new worlds"  # the world of the claims that are decided over them all
