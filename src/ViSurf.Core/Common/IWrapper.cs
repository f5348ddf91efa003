namespace ViSurf.Core.Common;

/// <summary>
/// A part that stands before other parts: a reward under another name, a penalty on an objective, a chain of group policies. Whoever
/// needs to know what a part can do asks <see cref="Wrappers.Find{T}"/> instead of testing its type, so that a wrapper hides nothing.
/// </summary>
/// <remarks>The question that Microsoft.Extensions.AI asks by <c>IChatClient.GetService</c>.</remarks>
public interface IWrapper
{
    /// <summary>The parts it stands before, one for a decorator and several for a chain; never itself.</summary>
    IEnumerable<object> Inner { get; }
}

/// <summary>Looks through <see cref="IWrapper"/>.</summary>
public static class Wrappers
{
    /// <summary>
    /// Every <typeparamref name="T"/> among a part and all it stands before, the outermost first; in a chain, in the chain's order.
    /// </summary>
    /// <param name="part">The part; null has none.</param>
    /// <returns>Each found object once, however often it is reached.</returns>
    public static IEnumerable<T> FindAll<T>(object? part)
        where T : class
    {
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var waiting = new Stack<object>();
        if (part is not null) waiting.Push(part);
        while (waiting.TryPop(out var next))
        {
            if (!seen.Add(next)) continue;
            if (next is T found) yield return found;
            if (next is IWrapper wrapper)
                foreach (var inner in wrapper.Inner.Reverse()) waiting.Push(inner);
        }
    }

    /// <summary>The outermost <typeparamref name="T"/> among a part and all it stands before, or null.</summary>
    /// <param name="part">The part; null has none.</param>
    /// <returns>The part found, or null where there is none.</returns>
    public static T? Find<T>(object? part)
        where T : class
        => FindAll<T>(part).FirstOrDefault();
}
