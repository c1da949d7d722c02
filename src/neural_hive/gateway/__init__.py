"""The hive over HTTP: a converter around `Hive`, without rules of its own."""
