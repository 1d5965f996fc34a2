/// Pulls images by digest from OCI registries and keeps each as one read-only file system file. Of
/// the other rooms of the host it knows `host.jail` alone.
@NullMarked
package dev.monopod.host.image;

import org.jspecify.annotations.NullMarked;
