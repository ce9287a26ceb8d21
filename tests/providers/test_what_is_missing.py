"""Where something that has to be there first is missing, the error says how to get it."""

import json

from reconciler.providers.docker import asking, sending
from reconciler.providers.kubernetes import answers


def test_an_image_that_the_engine_lacks_is_told_with_how_it_gets_there() -> None:
    answer = asking.Answer(404, json.dumps({"message": "No such image: shop:2"}).encode())
    told = str(sending.refused("engine-1", "make the container shop", answer))
    assert told.startswith("cannot make the container shop on engine-1: No such image: shop:2; name it by its digest")


def test_a_namespace_that_the_cluster_lacks_is_told_with_what_to_do() -> None:
    status = {"kind": "Status", "message": 'namespaces "shop" not found'}
    told = str(answers.error(answers.Answer(404, json.dumps(status).encode(), None), "apply Secret/db"))
    assert told == 'cannot apply Secret/db: namespaces "shop" not found; make it, or have an app make it'
