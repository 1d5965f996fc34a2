/// `monopod aws`: access keys, and what tools of AWS need to be told.
@NullMarked
package dev.monopod.cli.aws;

import org.jspecify.annotations.NullMarked;
