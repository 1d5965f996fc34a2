package dev.monopod.host.image;

import java.io.IOException;
import java.io.InputStream;

/// Where the parts of an image come from: a registry, or an archive. What it hands out is not yet
/// verified.
interface BlobSource {
    /// The manifest or index that a tag or digest names.
    ///
    /// @throws ImageException that says why
    byte[] manifest(String tagOrDigest);

    /// @param mostBytes reading more fails
    /// @throws ImageException that says why
    InputStream blob(String digest, long mostBytes) throws IOException;
}
