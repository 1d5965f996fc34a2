/// Names that users, tools and the parts of Monopod have in common.
@NullMarked
package dev.monopod.model.names;

import org.jspecify.annotations.NullMarked;
