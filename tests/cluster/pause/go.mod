module neural-hive/tests/cluster/pause

go 1.24.0
