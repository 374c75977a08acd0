"""The real thing for every test: PostgreSQL and Valkey from the package index, migrated databases,
the application that `bootstrap` builds.
"""


