from studium.core.nodes import is_cluster, nodes_of


def test_a_cluster_names_its_nodes() -> None:
    url = "rediss+cluster://me:p%40ss@one:6379,[::1]:6380,two:6379"
    assert is_cluster(url)
    assert nodes_of(url) == (
        "rediss://me:p%40ss@one:6379",
        "rediss://me:p%40ss@[::1]:6380",
        "rediss://me:p%40ss@two:6379",
    )


def test_any_other_names_itself() -> None:
    url = "redis://:secret@127.0.0.1:6379/0"
    assert not is_cluster(url)
    assert nodes_of(url) == (url,)
