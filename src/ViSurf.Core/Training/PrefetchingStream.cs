using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training;

/// <summary>
/// Reads examples and encodes their prompts (pictures decoded, resized, cut into patches) on threads of its own, ahead of the step that
/// needs them and bounded. Examples come from <see cref="Next"/>, and their prompts, each encoded once, from <see cref="Encoder"/>: give that
/// to <see cref="TrainerParts"/>. Order, results and errors are those of the stream and the encoder without it.
/// </summary>
/// <remarks>
/// <see cref="Position"/> is that of the examples handed out, not of those read ahead. A row that cannot be read throws at the
/// <see cref="Next"/> that would have returned it, a picture that cannot be decoded at the <c>Encode</c> of its example; after an error the
/// stream is where it was, and the next <see cref="Next"/> tries the row again (a network may be back). Prompts are found by the example
/// object: what makes new objects of the examples on their way (<c>Select</c>, a <c>MixedStream</c> over this one) leaves those made ahead
/// unused, and each prompt is encoded a second time, in the step. So prefetching is put outermost, over all of those.
/// <see cref="Next"/> and <see cref="Position"/> are for one thread, and <c>Next(a)</c> then <c>Next(b)</c> of the
/// inner stream must be its <c>Next(a + b)</c>.
/// </remarks>
public sealed class PrefetchingStream : IExampleStream, IDisposable
{
    private readonly IExampleStream _inner;
    private readonly IPromptEncoder _encoder;
    private readonly PrefetchOptions _options;
    private readonly Lock _reading = new();           // held while the inner stream moves
    private readonly object _gate = new();            // guards what follows; waited on
    private readonly LinkedList<PrefetchedRow> _ahead = [];
    private readonly PrefetchedPrompts _handedOut;
    private readonly Thread[] _threads;
    private int _promised;                            // rows ahead and rows being read
    private bool _failed, _told, _stopped;            // a row failed, and a caller has been told
    private string _position;
    private string _readTo;                           // where the inner stream stands behind the last row read; with _reading
    private bool _astray;                             // it may stand elsewhere, after a failure; with _reading

    /// <summary>Starts working ahead.</summary>
    /// <param name="stream">The examples; nobody else moves it while this is in use. Stays the caller's.</param>
    /// <param name="encoder">Thread-safe, as <c>QwenPromptEncoder</c> is.</param>
    /// <param name="options">Null for the defaults.</param>
    public PrefetchingStream(IExampleStream stream, IPromptEncoder encoder, PrefetchOptions? options = null)
    {
        (_inner, _encoder, _options) = (Guard.NotNull(stream), Guard.NotNull(encoder), options ?? new PrefetchOptions());
        _position = _readTo = stream.Position;
        _handedOut = new PrefetchedPrompts(encoder, _options.Examples);
        _threads = [.. Enumerable.Range(0, _options.Threads).Select(i => new Thread(Work) { IsBackground = true, Name = $"ViSurf prefetch {i}" })];
        foreach (var thread in _threads) thread.Start();
    }

    /// <summary>The encoder, which has the prompts of examples from <see cref="Next"/> ready (the latest <see cref="PrefetchOptions.Examples"/> of them) and encodes any other.</summary>
    public IPromptEncoder Encoder => _handedOut;

    /// <inheritdoc/>
    public string Position
    {
        get => _position;
        set
        {
            lock (_reading)
            {
                Guard.NotNull(value);
                // The inner stream refuses a position that is not its own; it stands where the last row read ahead left it, which is still right then.
                _inner.Position = value;
                (_readTo, _astray) = (_inner.Position, false);
                lock (_gate)
                {
                    foreach (var row in _ahead) row.Abandon();
                    _promised -= _ahead.Count;
                    _ahead.Clear();
                    (_position, _failed, _told) = (_readTo, false, false);
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Throws what reading a row threw; called again, it reads that row again.</remarks>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    public IReadOnlyList<VisionExample> Next(int count)
    {
        var taken = new List<PrefetchedRow>(Guard.NotNegative(count));
        lock (_gate)
        {
            while (taken.Count < count)
            {
                ObjectDisposedException.ThrowIf(_stopped, this);
                if (_ahead.First is not { } first)
                {
                    Monitor.Wait(_gate);
                    continue;
                }
                if (first.Value.Failure is { } failure)
                {
                    if (_told)
                    {
                        _ahead.RemoveFirst();
                        _promised--;
                        (_failed, _told) = (false, false);
                        Monitor.PulseAll(_gate);
                        continue;
                    }
                    _told = true;
                    // Back to where it was: the rows before the failure come again, and then the failure.
                    for (var i = taken.Count - 1; i >= 0; i--) _ahead.AddFirst(taken[i]);
                    _promised += taken.Count;
                    failure.Throw();
                }
                _ahead.RemoveFirst();
                _promised--;
                taken.Add(first.Value);
                Monitor.PulseAll(_gate);
            }
            if (taken.Count > 0) _position = taken[^1].PositionAfter;
        }
        _handedOut.Add(taken);
        return taken.Select(row => row.Example!).ToArray();
    }

    /// <summary>Stops the threads, waits for the rows they are at, and frees prompts that nobody took.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
        foreach (var thread in _threads) thread.Join();
        foreach (var row in _ahead) row.Abandon();
        _ahead.Clear();
        _handedOut.Dispose();
    }

    private void Work()
    {
        while (true)
        {
            lock (_gate)
            {
                while (!_stopped && (_failed || _promised >= _options.Examples)) Monitor.Wait(_gate);
                if (_stopped) return;
                _promised++;
            }
            if (Read() is { } row) row.Encode(_encoder);
        }
    }

    /// <summary>The next row in order, put behind the rows ahead; null when an earlier one failed meanwhile.</summary>
    private PrefetchedRow? Read()
    {
        lock (_reading)
        {
            lock (_gate)
            {
                if (_failed || _stopped)
                {
                    _promised--;
                    return null;
                }
            }
            PrefetchedRow row;
            try
            {
                if (_astray) _inner.Position = _readTo;
                _astray = false;
                var example = _inner.Next(1)[0];
                row = new PrefetchedRow(example, _readTo = _inner.Position);
            }
            catch (Exception e)
            {
                _astray = true;
                row = new PrefetchedRow(e);
            }
            lock (_gate)
            {
                _failed = row.Failure is not null;
                _ahead.AddLast(row);
                Monitor.PulseAll(_gate);
            }
            return row.Failure is null ? row : null;
        }
    }
}
