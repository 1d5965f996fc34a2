package dev.monopod.host.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// Makes small tars in memory.
final class Tars {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

    Tars() {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    }

    Tars file(String path, String content) throws IOException {
        return file(path, content.getBytes(StandardCharsets.UTF_8));
    }

    Tars file(String path, byte[] content) throws IOException {
        var entry = new TarArchiveEntry(path);
        entry.setSize(content.length);
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
        return this;
    }

    /// A file with an extended attribute, as Docker writes it.
    Tars file(String path, String content, String attribute, byte[] value) throws IOException {
        var key = "SCHILY.xattr." + attribute + "=";
        // The length counts its own digits.
        var length = key.length() + value.length + 2;
        length += Integer.toString(length + Integer.toString(length).length()).length();
        var record = new ByteArrayOutputStream();
        record.writeBytes((length + " " + key).getBytes(StandardCharsets.UTF_8));
        record.writeBytes(value);
        record.write('\n');
        var header = new TarArchiveEntry("PaxHeaders/x", TarConstants.LF_PAX_EXTENDED_HEADER_LC);
        header.setSize(record.size());
        tar.putArchiveEntry(header);
        tar.write(record.toByteArray());
        tar.closeArchiveEntry();
        return file(path, content);
    }

    Tars directory(String path) throws IOException {
        tar.putArchiveEntry(new TarArchiveEntry(path + "/"));
        tar.closeArchiveEntry();
        return this;
    }

    Tars hardLink(String path, String target) throws IOException {
        return link(path, target, TarConstants.LF_LINK);
    }

    Tars symbolicLink(String path, String target) throws IOException {
        return link(path, target, TarConstants.LF_SYMLINK);
    }

    private Tars link(String path, String target, byte type) throws IOException {
        var entry = new TarArchiveEntry(path, type);
        entry.setLinkName(target);
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
        return this;
    }

    byte[] bytes() throws IOException {
        tar.close();
        return bytes.toByteArray();
    }
}
