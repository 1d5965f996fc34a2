package dev.monopod.eks.query;

import dev.monopod.eks.wire.ApiResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.xml.sax.SAXException;

/// An answer with XML, as a client reads it.
public record Answer(int status, Document xml) {
    public static Answer of(ApiResponse response) {
        try {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setNamespaceAware(true);
            return new Answer(
                    response.status(),
                    factory.newDocumentBuilder().parse(new ByteArrayInputStream(response.body())));
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public String root() {
        return xml.getDocumentElement().getLocalName();
    }

    public String namespace() {
        return xml.getDocumentElement().getNamespaceURI();
    }

    /// The text of the one element of that name, wherever it is.
    public String text(String name) {
        var found = xml.getElementsByTagNameNS("*", name);
        if (found.getLength() != 1) {
            throw new IllegalStateException(found.getLength() + " elements are called " + name);
        }
        return found.item(0).getTextContent();
    }
}
