package dev.monopod.eks.query;

import java.util.List;
import java.util.stream.Collectors;

/// An element of XML, with a text or with others in it.
public record Element(String name, String text, List<Element> children) {
    public Element {
        children = List.copyOf(children);
    }

    public static Element of(String name, String text) {
        return new Element(name, text, List.of());
    }

    public static Element of(String name, Element... children) {
        return new Element(name, "", List.of(children));
    }

    String xml() {
        return xml("");
    }

    String xml(String attributes) {
        return "<%s%s>%s%s</%s>"
                .formatted(
                        name,
                        attributes,
                        escaped(text),
                        children.stream().map(Element::xml).collect(Collectors.joining()),
                        name);
    }

    /// Characters that XML cannot have, even escaped, become question marks.
    private static String escaped(String text) {
        return text.replaceAll(
                        "[^\\t\\n\\r\\x20-\\uD7FF\\uE000-\\uFFFD\\x{10000}-\\x{10FFFF}]", "?")
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\r", "&#13;");
    }
}
