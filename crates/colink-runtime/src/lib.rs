//! What every service is: configuration, life cycle and the five subcommands.
