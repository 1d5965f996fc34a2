/// A disk that is full when it is told.
@NullMarked
package dev.monopod.testkit.disk;

import org.jspecify.annotations.NullMarked;
