namespace ViSurf.Core.Data;

/// <summary>
/// Hands out training examples, as many as are asked for, for as long as is asked: the order, its epochs and what it reads from are its own
/// business. Not thread-safe.
/// </summary>
public interface IExampleStream
{
    /// <summary>Where the stream stands, as JSON text that only the stream understands: what a checkpoint saves and a resumed run sets.</summary>
    /// <exception cref="InvalidDataException">The position that is set is not one of this stream over this data; the message says what differs.</exception>
    string Position { get; set; }

    /// <summary>The next examples, going on into the next epochs as far as needed.</summary>
    /// <param name="count">How many; may exceed the number of rows.</param>
    /// <exception cref="InvalidDataException">A row cannot be read; names file and line.</exception>
    IReadOnlyList<VisionExample> Next(int count);
}
