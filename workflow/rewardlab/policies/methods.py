"""The names of the methods that policies are trained by; `penalties` says what they do."""

# Methods whose policies each belong to one head; the others reward with the whole ensemble.
OF_ONE_HEAD = ("vanilla", "aware", "aware_squared", "lower_bound")
METHODS = (*OF_ONE_HEAD, "mean", "worst_case", "uncertainty_weighted")
