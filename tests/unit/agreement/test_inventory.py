"""A client's assets in a file of their own: read in bounds, wrong cells named, kept with the version."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.inventory import MOST_ASSETS, read_inventory, write_inventory
from tandem.agreement.lint import lint_tenant
from tandem.agreement.load import canonical_text, load_directory, load_tenant, tenant_source
from tandem.agreement.pulled import pulled
from tandem.agreement.schema.documents import TenantDocument
from tandem.errors import AgreementError

AGREEMENT = """\
tenant: {id: acme, name: Acme, users: 50}
inventory: assets.csv
sites: [{id: hq, name: HQ}]
functions: [{id: servers, name: Servers}]
assets:
  - {id: srv1, site: hq, users: 9}   # ours is right, the export is not
"""
CSV = """\
id,hosts,site,users,data_class,importance,tags,function,depends_on,owner,approval
srv1,srv1,hq,5,,,,,,,
srv2,"srv2, 10.0.0.2",hq,20,regulated,high,"gold, core",servers,srv1,internal,Anna K.
"""


def written(directory: Path, **files: str) -> Path:
    (directory / "a.yaml").write_text(files.pop("agreement", AGREEMENT), "utf-8")
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text, "utf-8")
    return directory / "a.yaml"


def faults(directory: Path, **files: str) -> list[str]:
    with pytest.raises(AgreementError) as caught:
        tenant_source(written(directory, **files))
    return [str(problem).replace(f"{directory}/", "") for problem in caught.value.problems]


def test_assets_of_the_file_are_those_of_the_document_and_the_document_s_own_win(tmp_path: Path):
    document = tenant_source(written(tmp_path, assets_csv=CSV)).document

    assert [(asset.id, asset.users) for asset in document.assets] == [("srv1", 9), ("srv2", 20)]
    second = document.assets[1]
    assert (second.hosts, second.tags, second.depends_on) == (("srv2", "10.0.0.2"), ("gold", "core"), ("srv1",))
    assert (second.data_class, second.importance, second.owner, second.approval) == (
        "regulated",
        "high",
        "internal",
        "Anna K.",
    )
    assert compile_agreement(document, version=1).hosts["10.0.0.2"] == "srv2"


def test_what_is_stored_holds_the_assets_and_needs_no_file(tmp_path: Path):
    document = tenant_source(written(tmp_path, assets_csv=CSV)).document

    stored = canonical_text(document)

    assert "inventory" not in json.loads(stored)
    assert load_tenant(stored) == document == TenantDocument.model_validate_json(stored)


def test_the_same_inventory_in_yaml_says_the_same(tmp_path: Path):
    table = tenant_source(written(tmp_path, assets_csv=CSV)).document
    yaml = """\
schema: tandem/inventory/v1
assets:
  - {id: srv1, hosts: srv1, site: hq, users: 5}
  - {id: srv2, hosts: [srv2, 10.0.0.2], site: hq, users: 20, data_class: regulated, importance: high,
     tags: [gold, core], function: servers, depends_on: srv1, owner: internal, approval: Anna K.}
"""
    agreement = AGREEMENT.replace("assets.csv", "assets.yaml")

    written(tmp_path, agreement=agreement, assets_yaml=yaml)

    assert load_directory(tmp_path).tenants["acme"].document == table


def test_an_inventory_is_written_as_it_is_read():
    assets = read_inventory(CSV, "assets.csv").assets

    assert read_inventory(write_inventory(assets), "assets.csv").assets == assets


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("srv2,srv2,hq,many,,,,,,,", 'assets.csv:2:14: assets.users: "many" is not a whole number'),
        ("SRV 2,,,,,,,,,,", 'assets.csv:2:1: assets.id: "SRV 2" is not an id'),
        ("srv2,,,,secret,,,,,,", 'assets.csv:2:9: assets.data_class: "secret" is not one of'),
        ("srv2,,,,,,Gold,,,,", 'assets.csv:2:11: assets.tags[1]: "Gold" is not an id'),
        (",srv2,,,,,,,,,", "assets.csv:2:1: assets.id: this is missing"),
        ('srv2,"srv2,,,', "assets.csv:2:6: a quote is opened here and never closed"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, cells: str, expected: str):
    header = CSV.partition("\n")[0]

    (fault,) = faults(tmp_path, assets_csv=f"{header}\n{cells}\n")

    assert fault.startswith(expected)


def test_an_asset_given_twice_is_refused(tmp_path: Path):
    assert faults(tmp_path, assets_csv="id;users\nx;1\ny;1\nx;2\n") == [
        'assets.csv:4:1: the asset "x" is already in line 2; keep one'
    ]


def test_what_an_asset_refers_to_is_checked_at_its_cell(tmp_path: Path):
    text = "id,hosts,site,function\nok,a,hq,servers\nfar,b,hqq,servers\n"

    problems = lint_tenant(tenant_source(written(tmp_path, assets_csv=text)))

    assert [str(problem).replace(f"{tmp_path}/", "") for problem in problems if "assets" in problem.file] == [
        'assets.csv:3:7: there is no site "hqq"; did you mean "hq"?'
    ]


def test_a_missing_file_and_a_name_that_leaves_the_directory_are_said_where_they_stand(tmp_path: Path):
    assert faults(tmp_path) == ['a.yaml:2:12: there is no file "assets.csv" beside this document']
    for name in ("../assets.csv", "/etc/passwd", "x/assets.csv", "assets.exe"):
        (fault,) = faults(tmp_path, agreement=AGREEMENT.replace("assets.csv", name))
        assert fault.startswith("a.yaml:2:12: inventory: ")
        assert "is not the name of a file beside this one" in fault


def test_a_document_without_a_place_has_nothing_beside_it():
    with pytest.raises(AgreementError, match=r'there is no file "assets\.csv"'):
        load_tenant(AGREEMENT)


def test_an_inventory_in_yaml_says_what_it_is(tmp_path: Path):
    agreement = AGREEMENT.replace("assets.csv", "assets.yml")

    assert faults(tmp_path, agreement=agreement, assets_yml="- {id: x}\n") == [
        "assets.yml:1:1: an inventory in YAML begins with schema: tandem/inventory/v1, then assets:"
    ]


def test_too_large_a_file_and_too_many_assets_are_refused_quickly(tmp_path: Path):
    begun = time.process_time()

    large = faults(tmp_path, assets_csv="id\n" + "x" * (16 * 2**20))
    many = faults(tmp_path, assets_csv="id\n" + "a\n" * (MOST_ASSETS + 5))

    assert large == ["assets.csv:1:1: this file is larger than 16 MiB; an inventory never is"]
    assert many[-1] == "assets.csv:1003:1: reading stops here: too much is wrong; is this the right file?"
    assert time.process_time() - begun < 10


def test_ten_thousand_assets_load_and_the_most_there_may_be_is_a_clear_error():
    text = "id,hosts,site,users\n" + "".join(f"srv{n},h{n},hq,1\n" for n in range(10_000))

    assert len(read_inventory(text, "a.csv").assets) == 10_000
    with pytest.raises(AgreementError, match=r"a\.csv:100002:1: more than 100,000 assets"):
        read_inventory("id\n" + "".join(f"s{n}\n" for n in range(MOST_ASSETS + 1)), "a.csv")


def test_a_version_that_is_pulled_loads_without_the_file_it_once_named(tmp_path: Path):
    document = tenant_source(written(tmp_path, assets_csv=CSV)).document

    found = pulled(AGREEMENT, document)

    assert found.whole is not None
    assert load_tenant(found.whole) == document
    assert "- {id: srv1, site: hq, users: 9}   # ours is right, the export is not\n" in found.whole
    assert "inventory:" not in found.whole


@pytest.mark.parametrize("name", ["assets.csv", "assets.yaml"])
def test_a_version_that_is_pulled_as_files_loads_as_it_was(tmp_path: Path, name: str):
    document = tenant_source(written(tmp_path, assets_csv=CSV)).document
    agreement = AGREEMENT.replace("assets.csv", name)

    found = pulled(agreement, document)

    assert (found.text, found.inventory) == (agreement, name)
    beside = {name.replace(".", "_"): found.assets}
    assert tenant_source(written(tmp_path, agreement=found.text, **beside)).document == document


def test_a_version_without_an_inventory_is_pulled_as_it_was_written():
    text = "tenant: {id: acme, name: Acme}   # us\n"

    assert pulled(text, load_tenant(text)).whole == text


def test_a_version_with_too_many_assets_for_one_file_is_pulled_as_two(tmp_path: Path):
    many = "id,hosts,site,users\n" + "".join(
        f"{'a-long-name-' * 4}{n},{'h' * 50}{n};{'g' * 50}{n};{'f' * 50}{n},hq,1\n" for n in range(20_000)
    )
    document = tenant_source(written(tmp_path, assets_csv=many)).document

    found = pulled(AGREEMENT, document)

    assert found.whole is None
    assert found.assets.count("\r\n") == 20_001
