from __future__ import annotations

import re

import pytest

from dsdmsr.io.xmp import parse_xmp, xmp_properties

PACKET = b"""<r xmlns:a="urn:a/" xmlns:b="urn:b/" a:One=" 1 " b:One="other"><a:Two> 2 </a:Two>
<b:Two>3</b:Two><a:One>late</a:One><a:Empty/><a:Deep>text<a:Three>4</a:Three></a:Deep></r>"""


@pytest.mark.parametrize("around", [b"", b"\0", b" \r\n\t\0"])
def test_properties_are_attributes_and_elements_of_one_namespace(around):
    root = parse_xmp(around + PACKET + around)
    assert xmp_properties(root, "urn:a/") == {"One": "1", "Two": "2", "Three": "4"}
    assert xmp_properties(root, "urn:b/") == {"One": "other", "Two": "3"}
    assert xmp_properties(root, "urn:c/") == {}
    assert xmp_properties(root[0], "urn:a/") == {"Two": "2"}


@pytest.mark.parametrize("text", [b'<!DOCTYPE a><a b="c"/>', b'<a/><!ENTITY b "c">'])
def test_entities_are_refused(text):
    with pytest.raises(ValueError, match=r"^its XMP defines entities$"):
        parse_xmp(text)


@pytest.mark.parametrize("text", [b"", b"<a>", b"text", b"<a/><b/>"])
def test_damaged_packets_are_refused(text):
    with pytest.raises(ValueError, match="^" + re.escape("its XMP is damaged: ") + "[a-z]"):
        parse_xmp(text)
