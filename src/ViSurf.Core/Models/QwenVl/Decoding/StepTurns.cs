using ViSurf.Core.Common;
using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// The rotary embedding of a step as 2 × 2 matrices: of every head, so that values, which do not turn, go through the same product as keys
/// and queries. Looked up in a table of all positions; that of position 0 is the identity. Owns its tensors.
/// </summary>
internal sealed class StepTurns : IDisposable
{
    private readonly RotaryAngles _angles;
    private readonly int _limit;
    private readonly Tensor _moves;
    private Tensor? _table, _places;

    /// <param name="angles">Of the decoder.</param>
    /// <param name="text">For the heads.</param>
    /// <param name="limit">Most tokens of a row.</param>
    /// <param name="device">Device.</param>
    public StepTurns(RotaryAngles angles, QwenTextConfig text, int limit, Device device)
    {
        (_angles, _limit) = (angles, limit);
        using var scope = NewDisposeScope();
        var moves = Enumerable.Range(0, text.Heads + 2 * text.KeyValueHeads).Select(head => head < text.KeyValueHeads ? 0L : 1L);
        _moves = tensor(moves.ToArray(), device: CPU).unsqueeze(0).to(device).DetachFromDisposeScope();
    }

    /// <summary>Adds the rows of prompts that have just been read.</summary>
    public void Add(Arrival arrival)
    {
        using var scope = NewDisposeScope();
        if (_table is null || _table.shape[0] < arrival.Furthest + _limit)
        {
            var angles = _angles.Of(ScalarOps.Range(arrival.Furthest + _limit, _moves.device).expand(3, -1));
            var (cos, sin) = (angles.cos(), angles.sin());
            Replace(ref _table, cat([cos, sin.neg(), sin, cos], 1).view(angles.shape[0], 2, 2, angles.shape[1]));
        }
        var places = arrival.Positions.unsqueeze(1) * _moves;
        Replace(ref _places, _places is null ? places : cat([_places, places], 0));
    }

    /// <summary>Keeps some rows.</summary>
    /// <param name="index">int64, ascending.</param>
    public void Keep(Tensor index)
    {
        using var scope = NewDisposeScope();
        Replace(ref _places, _places!.index_select(0, index));
    }

    /// <summary>The matrices of the next token, and a step on.</summary>
    /// <returns>float32 [R, 2 · key-value heads + heads, 2, 2, d/2], of values, keys, queries: [to half, from half, frequency].</returns>
    public Tensor Next()
    {
        using var scope = NewDisposeScope();
        var turns = _table!.index_select(0, _places!.view(-1)).view(_places.shape[0], _places.shape[1], 2, 2, -1);
        _places.PlusIntegersInPlace(_moves);
        return turns.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _moves.Dispose();
        _table?.Dispose();
        _places?.Dispose();
    }

    private static void Replace(ref Tensor? field, Tensor value)
    {
        field?.Dispose();
        field = value.DetachFromDisposeScope();
    }
}
