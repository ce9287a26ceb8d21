"""All that reads what a host or a person wrote, by name. A new reader is a line here."""

from collections.abc import Mapping

from tests.fuzz import documents, foreign, hosts, provenance
from tests.fuzz.target import Target

TARGETS: Mapping[str, Target] = {
    "probes": Target(hosts.probes, hosts.probe_seeds),
    "looks": Target(hosts.looks, hosts.look_seeds),
    "outcomes": Target(hosts.outcomes, hosts.outcome_seeds),
    "sessions": Target(hosts.sessions, hosts.session_seeds),
    "documents": Target(documents.documents, documents.document_seeds),
    "templates": Target(documents.templates, documents.template_seeds),
    "texts": Target(documents.texts, documents.text_seeds),
    "remotes": Target(documents.remotes, documents.remote_seeds),
    "settings": Target(documents.settings, documents.setting_seeds),
    "plan_files": Target(documents.plan_files, documents.plan_file_seeds),
    "archives": Target(foreign.archives, foreign.archive_seeds),
    "listings": Target(foreign.listings, foreign.listing_seeds),
    "commits": Target(foreign.commits, foreign.commit_seeds),
    "gpg_answers": Target(foreign.gpg_answers, foreign.gpg_answer_seeds),
    "rows": Target(foreign.rows, foreign.row_seeds),
    "differences": Target(foreign.differences, foreign.difference_seeds),
    "pems": Target(foreign.pems, foreign.pem_seeds),
    "scan_reports": Target(provenance.reports, provenance.report_seeds),
    "signatures": Target(provenance.signatures, provenance.signature_seeds),
    "signing_keys": Target(provenance.keys, provenance.key_seeds),
}
