"""Project settings; what is not here is Kedro's default."""

# Without an environment of its own, a fresh clone runs as it is: `conf/local` is
# never under version control, and Kedro's default would ask for it.
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "base"}
