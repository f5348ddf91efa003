using ViSurf.Core.Fuzz.Making;

namespace ViSurf.Core.Fuzz;

/// <summary>A promise that was not kept.</summary>
internal sealed class FuzzFailure(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>One input: its randomness, what it consists of, and what became of it.</summary>
/// <param name="dice">Of this input alone.</param>
/// <param name="noted">Takes each part of the input before the library does; null when nobody keeps them.</param>
internal sealed class Attempt(Dice dice, Action<string, byte[]>? noted = null)
{
    public Dice Dice => dice;

    /// <summary>Inputs tried: 1, unless a surface counts scores or verdicts one by one.</summary>
    public long Tried { get; private set; }

    /// <summary>Of these, refused with a clear message.</summary>
    public long Refused { get; private set; }

    /// <summary>To be called for every input that the library is about to get.</summary>
    public void Count(long more = 1) => Tried += more;

    /// <summary>Names a part of the input, so that it can be kept.</summary>
    public void Note(string name, byte[] content) => noted?.Invoke(name, content);

    /// <inheritdoc cref="Note(string, byte[])"/>
    public void Note(string name, string content) => noted?.Invoke(name, System.Text.Encoding.UTF8.GetBytes(content));

    /// <summary>Runs what may refuse its input.</summary>
    /// <param name="action">The library at work.</param>
    /// <param name="named">What the message of a refusal must contain, any one of them: the file, the row, the key.</param>
    /// <returns>Whether the input was taken.</returns>
    /// <exception cref="FuzzFailure">It was refused in a way that helps nobody.</exception>
    public bool Refusable(Action action, params string[] named)
    {
        try
        {
            action();
            return true;
        }
        catch (FuzzFailure)
        {
            throw;
        }
        catch (Exception e)
        {
            if (Refusal.Problem(e, named) is { } problem) throw new FuzzFailure(problem, e);
            Refused++;
            return false;
        }
    }

    /// <summary>Something that must hold.</summary>
    public static void Expect(bool holds, string what)
    {
        if (!holds) throw new FuzzFailure(what);
    }
}
