"""The page about provenance leaves no key out."""

import pytest
from pydantic import BaseModel

from reconciler.desired.provenance_documents import ArtifactPolicySpec, KeySpec, ScannerSpec, SignaturesSpec
from reconciler.desired.signer_documents import SignerPolicySpec, SignerSpec
from tests.docs.pages import page, section
from tests.docs.test_reference import keys

SECTIONS: dict[str, tuple[type[BaseModel], ...]] = {
    "## Signed commits": (SignerPolicySpec, SignerSpec),
    "## Artifacts": (ArtifactPolicySpec, SignaturesSpec, KeySpec, ScannerSpec),
}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_key_of_a_document_is_in_the_page(heading: str) -> None:
    text = section(page("provenance.md"), heading)
    assert [key for model in SECTIONS[heading] for key in keys(model) if key not in text] == []
