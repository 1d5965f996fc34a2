/// Images of this host.
@NullMarked
package dev.monopod.cli.image;

import org.jspecify.annotations.NullMarked;
