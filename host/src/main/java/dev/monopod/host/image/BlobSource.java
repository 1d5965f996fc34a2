package dev.monopod.host.image;

import java.io.IOException;
import java.io.InputStream;

/// Where the parts of an image come from: a registry, or an archive. What it hands out is not yet
/// verified.
interface BlobSource {
    /// The manifest or index that a tag or digest names.
    ///
    /// @throws ImageException with the source's words
    byte[] manifest(String tagOrDigest);

    /// @throws ImageException with the source's words
    InputStream blob(String digest) throws IOException;
}
