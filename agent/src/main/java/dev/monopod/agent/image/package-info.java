/// Pulls images by digest from OCI registries and keeps each as one read-only file system file.
/// Depends on no other package of the agent.
@NullMarked
package dev.monopod.agent.image;

import org.jspecify.annotations.NullMarked;
