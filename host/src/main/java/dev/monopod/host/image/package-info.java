/// Pulls images by digest from OCI registries and keeps each as one read-only file system file.
/// Knows no other room of the host.
@NullMarked
package dev.monopod.host.image;

import org.jspecify.annotations.NullMarked;
