using System.Text.Json;
using ViSurf.Core.Rollouts;

namespace Samples.Shared;

/// <summary>What a sample's Main does around its work.</summary>
internal static class Run
{
    /// <summary>
    /// Runs the work. Bad input, and weights that have diverged, end with one line and exit code 1, Ctrl+C with exit code 130; anything
    /// else is a bug and keeps its stack trace.
    /// </summary>
    public static int Guarded(Action<CancellationToken> work) => Guarded(cancel =>
    {
        work(cancel);
        return 0;
    });

    /// <summary>The same for work that ends well in several ways.</summary>
    /// <param name="work">Returns the exit code.</param>
    /// <param name="list">Whether a message of several lines keeps them: a list of mistakes.</param>
    public static int Guarded(Func<CancellationToken, int> work, bool list = false)
    {
        using var cancel = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = !cancel.IsCancellationRequested; // The second Ctrl+C ends the process at once.
            cancel.Cancel();
        };
        try
        {
            return work(cancel.Token);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            Console.Error.WriteLine("cancelled: nothing was written");
            return 130;
        }
        catch (Exception e) when (IsBadInput(e))
        {
            Console.Error.WriteLine("error: " + (list ? e.Message : string.Join(" ", e.Message.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries))));
            return 1;
        }
    }

    private static bool IsBadInput(Exception e)
        => e is DivergedException or InvalidDataException or IOException or UnauthorizedAccessException or ArgumentException or FormatException or JsonException;
}
