"""XMP packets: what photos say about themselves.

Source: Adobe's "XMP Specification Part 1", section 7: RDF, of which a simple property is an
attribute of ``rdf:Description`` or an element in it.
"""

from __future__ import annotations

from xml.etree import ElementTree

__all__ = ["RDF", "parse_xmp", "xmp_properties"]

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def parse_xmp(content: bytes) -> ElementTree.Element:
    """Return the root of an XMP packet.

    Raises:
        ValueError: If it is damaged.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("its XMP defines entities")
    try:
        return ElementTree.fromstring(content.strip(b"\0 \r\n\t"))
    except ElementTree.ParseError as error:
        raise ValueError(f"its XMP is damaged: {error}") from error


def xmp_properties(root: ElementTree.Element, namespace: str) -> dict[str, str]:
    """Return the simple properties of a namespace in an element and all within it.

    Args:
        root: The packet, or an element of it.
        namespace: The namespace, such as ``http://ns.adobe.com/xmp/note/``.
    """
    start = f"{{{namespace}}}"
    found: dict[str, str] = {}
    for element in root.iter():
        for name, value in element.attrib.items():
            if name.startswith(start):
                found.setdefault(name[len(start) :], value.strip())
        if element.tag.startswith(start) and not len(element) and element.text:
            found.setdefault(element.tag[len(start) :], element.text.strip())
    return found
