"""The stored form of prepared data sets, written and read here."""
